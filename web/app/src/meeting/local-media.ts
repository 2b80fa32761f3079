/**
 * My camera, microphone and screen. A microphone that is off stays mine, so that it is back at once; a camera that is
 * off is given back, so that its light goes out.
 */

export type Device = "audioinput" | "videoinput";

export interface LocalView {
  readonly camera: MediaStream | null;
  readonly screen: MediaStream | null;
  readonly micOn: boolean;
  readonly cameraOn: boolean;
  readonly devices: readonly MediaDeviceInfo[];
  readonly chosen: Readonly<Partial<Record<Device, string>>>;
  /** Why there is no picture or no sound, for the person to mend. */
  readonly problem: string | null;
}

const VIDEO: MediaTrackConstraints = {
  width: { ideal: 640 },
  height: { ideal: 360 },
  frameRate: { ideal: 30 },
};
const AUDIO: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

export class LocalMedia {
  private current: LocalView = {
    camera: null,
    screen: null,
    micOn: false,
    cameraOn: false,
    devices: [],
    chosen: {},
    problem: null,
  };
  private readonly listeners = new Set<() => void>();
  private over = false;

  constructor() {
    globalThis.navigator?.mediaDevices?.addEventListener("devicechange", this.devicesChanged);
  }

  readonly view = (): LocalView => this.current;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Ask for both at once, so that the browser asks the person once; then for what there is. */
  async begin(): Promise<void> {
    try {
      await this.take({ audio: this.audio(), video: this.video() });
    } catch (problem) {
      this.change({ problem: wordsFor(problem) });
      await this.setMic(true);
    }
  }

  /** Off: the track stays, silent. */
  async setMic(on: boolean): Promise<void> {
    const track = this.current.camera?.getAudioTracks()[0];
    if (track === undefined && on) await this.attempt({ audio: this.audio() });
    else if (track !== undefined) {
      track.enabled = on;
      this.change({ micOn: on });
    }
  }

  async setCamera(on: boolean): Promise<void> {
    if (on) return this.attempt({ video: this.video() });
    this.replace("video", null);
  }

  async choose(kind: Device, id: string): Promise<void> {
    this.change({ chosen: { ...this.current.chosen, [kind]: id } });
    if (kind === "audioinput") await this.attempt({ audio: this.audio() });
    else if (this.current.cameraOn) await this.attempt({ video: this.video() });
  }

  /** The browser asks which screen. False: the person thought better of it. */
  async share(): Promise<boolean> {
    try {
      const screen = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: 15 }, audio: true });
      screen.getVideoTracks()[0]?.addEventListener("ended", () => this.stopSharing());
      this.change({ screen });
      return true;
    } catch (problem) {
      if (!(problem instanceof DOMException && problem.name === "NotAllowedError")) {
        this.change({ problem: wordsFor(problem) });
      }
      return false;
    }
  }

  dismissProblem(): void {
    if (this.current.problem !== null) this.change({ problem: null });
  }

  stopSharing(): void {
    this.current.screen?.getTracks().forEach((track) => track.stop());
    this.change({ screen: null });
  }

  end(): void {
    this.over = true;
    navigator.mediaDevices?.removeEventListener("devicechange", this.devicesChanged);
    this.current.camera?.getTracks().forEach((track) => track.stop());
    this.current.screen?.getTracks().forEach((track) => track.stop());
    this.listeners.clear();
  }

  private async attempt(wanted: MediaStreamConstraints): Promise<void> {
    try {
      await this.take(wanted);
    } catch (problem) {
      this.change({ problem: wordsFor(problem) });
    }
  }

  private async take(wanted: MediaStreamConstraints): Promise<void> {
    if (navigator.mediaDevices === undefined) throw new DOMException("", "SecurityError");
    const stream = await navigator.mediaDevices.getUserMedia(wanted);
    if (this.over) {
      stream.getTracks().forEach((track) => track.stop());
      return;
    }
    const audio = stream.getAudioTracks()[0];
    const video = stream.getVideoTracks()[0];
    if (audio !== undefined) this.replace("audio", audio);
    if (video !== undefined) this.replace("video", video);
    this.change({ problem: null, devices: await navigator.mediaDevices.enumerateDevices() });
  }

  /** A new stream each time, so that whoever shows or sends it sees that it has changed. */
  private replace(kind: "audio" | "video", track: MediaStreamTrack | null): void {
    const before = this.current.camera?.getTracks() ?? [];
    before.filter((one) => one.kind === kind).forEach((one) => one.stop());
    const tracks = before.filter((one) => one.kind !== kind);
    if (track !== null) tracks.push(track);
    track?.addEventListener("ended", () => this.unplugged(kind, track));
    this.change({
      camera: tracks.length > 0 ? new MediaStream(tracks) : null,
      ...(kind === "audio" ? { micOn: track !== null } : { cameraOn: track !== null }),
    });
  }

  /** A track that ends by itself: what it came from was pulled out, or taken back by the browser. */
  private unplugged(kind: "audio" | "video", track: MediaStreamTrack): void {
    if (this.over || this.current.camera?.getTracks().includes(track) !== true) return;
    this.replace(kind, null);
    const what = kind === "audio" ? "microphone" : "camera";
    this.change({ problem: `Your ${what} is gone. Plug it in again, or switch another one on` });
  }

  private audio(): MediaTrackConstraints {
    return { ...AUDIO, ...exactly(this.current.chosen.audioinput) };
  }

  private video(): MediaTrackConstraints {
    return { ...VIDEO, ...exactly(this.current.chosen.videoinput) };
  }

  private readonly devicesChanged = (): void => {
    void navigator.mediaDevices.enumerateDevices().then((devices) => {
      const chosen = Object.entries(this.current.chosen).filter(([, id]) =>
        devices.some(({ deviceId }) => deviceId === id),
      );
      this.change({ devices, chosen: Object.fromEntries(chosen) }); // what is gone is nobody's choice
    });
  };

  private change(part: Partial<LocalView>): void {
    this.current = { ...this.current, ...part };
    for (const listener of this.listeners) listener();
  }
}

function exactly(deviceId: string | undefined): MediaTrackConstraints {
  return deviceId === undefined ? {} : { deviceId: { exact: deviceId } };
}

export function wordsFor(problem: unknown): string {
  switch (problem instanceof DOMException ? problem.name : "") {
    case "NotAllowedError":
      return "Your browser was not allowed to use the camera or microphone. Allow it beside the address, then try again";
    case "NotFoundError":
      return "No camera or microphone was found";
    case "NotReadableError":
      return "Another program uses the camera or microphone";
    case "OverconstrainedError":
      return "The chosen camera or microphone is gone";
    case "SecurityError":
      return "Browsers give cameras and microphones to https pages only, and to this machine's own";
    default:
      return "The camera or microphone does not work";
  }
}
