/**
 * Places, no finer than a cell: the geohash of 6 characters, about 1.2 × 0.6 km at the equator.
 *
 * A position goes in at one place, `cellAt`, and what comes out is all that may leave this device.
 */

export const PRECISION = 6;

const ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz";
/** 15 bits of latitude and of longitude each. */
const BITS = 15;
const SIDE = 2 ** BITS;
const EARTH_KM = 6371.0088;
const GEOHASH = /^[0-9b-hjkmnp-z]{6,32}$/i;

/** The cell that a position lies in. Latitudes beyond the poles are at the poles; longitudes go round. */
export function cellAt(latitude: number, longitude: number): string {
  const row = Math.min(Math.max(Math.floor(((latitude + 90) / 180) * SIDE), 0), SIDE - 1);
  return nameOf(row, wrapped(Math.floor(((longitude + 180) / 360) * SIDE)));
}

/** The cell that somebody wrote down: its first six characters, in lower case; null if it is no geohash of that length. */
export function readCell(text: string): string | null {
  const trimmed = text.trim();
  return GEOHASH.test(trimmed) ? trimmed.slice(0, PRECISION).toLowerCase() : null;
}

/** The cell so many rows to the north and columns to the east; at the poles it goes no further. */
export function cellBeside(cell: string, north: number, east: number): string {
  const [row, column] = rowAndColumn(cell);
  return nameOf(Math.min(Math.max(row + north, 0), SIDE - 1), wrapped(column + east));
}

/** How wide and how high it is, in kilometres. */
export function cellSizeKm(cell: string): { width: number; height: number } {
  const height = (Math.PI * EARTH_KM) / SIDE;
  const latitude = ((rowAndColumn(cell)[0] + 0.5) * Math.PI) / SIDE - Math.PI / 2;
  return { width: 2 * height * Math.cos(latitude), height };
}

/** Five bits a character, longitude first, in turns. */
function nameOf(row: number, column: number): string {
  let name = "";
  for (let character = 0; character < PRECISION; character += 1) {
    let index = 0;
    for (let bit = character * 5; bit < character * 5 + 5; bit += 1) {
      const from = bit % 2 === 0 ? column : row;
      index = index * 2 + ((from >> (BITS - 1 - (bit >> 1))) & 1);
    }
    name += ALPHABET.charAt(index);
  }
  return name;
}

function rowAndColumn(cell: string): [row: number, column: number] {
  let [row, column] = [0, 0];
  for (let bit = 0; bit < PRECISION * 5; bit += 1) {
    const index = ALPHABET.indexOf(cell.charAt(Math.floor(bit / 5)));
    const set = (index >> (4 - (bit % 5))) & 1;
    if (bit % 2 === 0) column = column * 2 + set;
    else row = row * 2 + set;
  }
  return [row, column];
}

function wrapped(column: number): number {
  return ((column % SIDE) + SIDE) % SIDE;
}
