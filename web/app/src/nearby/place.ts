/** Where this device is, as a cell. Nothing finer leaves this file: the position is forgotten once it is read. */

import { cellAt, readCell } from "@tutti/client/nearby";

const WITHIN_MS = 20_000;
const OLD_MS = 60_000;
const COORDINATES = /^(-?\d{1,2}(?:\.\d+)?)\s*[,;\s]\s*(-?\d{1,3}(?:\.\d+)?)$/;

const OPTIONS: PositionOptions = { enableHighAccuracy: false, timeout: WITHIN_MS, maximumAge: OLD_MS };

export function locate(): Promise<string> {
  return new Promise((resolve, reject) => {
    if (!window.isSecureContext) reject(new Error(NOT_SECURE));
    else if (!("geolocation" in navigator)) reject(new Error(NO_DEVICE));
    else {
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => resolve(cellAt(coords.latitude, coords.longitude)),
        (problem) => reject(new Error(whyNot(problem.code))),
        OPTIONS,
      );
    }
  });
}

/** Tells the cell whenever the device has moved into another one. Returns how to stop. */
export function follow(onCell: (cell: string) => void): () => void {
  if (!("geolocation" in navigator)) return () => undefined;
  let last: string | null = null;
  const watch = navigator.geolocation.watchPosition(
    ({ coords }) => {
      const cell = cellAt(coords.latitude, coords.longitude);
      if (cell !== last) onCell(cell);
      last = cell;
    },
    () => undefined,
    OPTIONS,
  );
  return () => navigator.geolocation.clearWatch(watch);
}

/** What somebody typed: a geohash, or a latitude and a longitude, which become a cell here and go nowhere. */
export function typedCell(text: string): string | null {
  const pair = COORDINATES.exec(text.trim());
  if (pair === null) return readCell(text);
  const [latitude, longitude] = [Number(pair[1]), Number(pair[2])];
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? cellAt(latitude, longitude) : null;
}

/** The codes of `GeolocationPositionError`. */
export function whyNot(code: number): string {
  if (code === 1) {
    return "Your browser was told not to share your position with this page. Allow it in the page's settings (beside the address), or choose a cell yourself below.";
  }
  if (code === 3)
    return "Your device did not find its position in time. Try again, or choose a cell yourself below.";
  return "Your device does not know its position; choose a cell yourself below.";
}

const NOT_SECURE =
  "Browsers tell a page its position over HTTPS only. Open this page with https, or choose a cell yourself below.";
const NO_DEVICE = "This browser knows no positions; choose a cell yourself below.";
