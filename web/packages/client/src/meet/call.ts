/**
 * Everybody's picture and sound: one `RTCPeerConnection` for each of the others.
 *
 * Whoever comes in offers to those who are there. When two offers cross, the server lets one through; the other side
 * hears an offer while its own is open, which rolls its own back. Camera and screen are told apart by their streams: the
 * camera's comes first, with the microphone, and is described also while it is off.
 */

import type { CallOwner, Signal } from "./meeting";
import type { MeetView } from "./meeting-state";
import { levelOf, loudnessOf, SILENCE, type Loudness } from "./loudness";
import { qualityOf, type Quality } from "./quality";

export interface Tile {
  readonly peerId: string;
  readonly camera: MediaStream | null;
  readonly screen: MediaStream | null;
  readonly state: RTCPeerConnectionState;
  readonly quality: Quality | null;
  readonly speaking: boolean;
}

export interface CallOptions {
  send: (kind: Signal, target: string, data: Record<string, unknown>) => boolean;
  /** Milliseconds between looks at how well it goes, and at who speaks. */
  everyMs?: number;
}

const LOOK_MS = 250;
const QUALITY_EVERY = 8;
/** Of full scale: the mean of what was heard since the look before, as its root of squares. */
const SPEAKING = 0.02;
const SPEAKS_ON_MS = 600;

interface Line {
  readonly id: string;
  pc: RTCPeerConnection;
  /** Remote candidates that came before the description that they belong to. */
  early: RTCIceCandidateInit[];
  /** The name of the stream that came first. */
  first: string | null;
  camera: MediaStream;
  screen: MediaStream;
  quality: Quality | null;
  heard: Loudness;
  spokeAt: number;
  speaking: boolean;
  negotiating: Promise<void>;
}

export class Call implements CallOwner {
  private readonly lines = new Map<string, Line>();
  private readonly listeners = new Set<() => void>();
  private shown: readonly Tile[] = [];
  private config: RTCConfiguration = {};
  private camera: MediaStream | null = null;
  private screen: MediaStream | null = null;
  /** Names, by which the others know what belongs together; nothing is in them. */
  private readonly mine = { camera: new MediaStream(), screen: new MediaStream() };
  private looks = 0;
  private timer: ReturnType<typeof setInterval>;

  constructor(private readonly options: CallOptions) {
    this.timer = setInterval(() => this.look(), options.everyMs ?? LOOK_MS);
  }

  readonly tiles = (): readonly Tile[] => this.shown;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** My camera and microphone: their tracks replace those that were sent, without asking anybody anew. */
  setCamera(stream: MediaStream | null): void {
    this.camera = stream;
    for (const line of this.lines.values()) this.sendCamera(line);
  }

  /** My screen, with its sound if it has one; null: no more. */
  setScreen(stream: MediaStream | null): void {
    this.screen = stream;
    for (const line of this.lines.values()) this.sendScreen(line);
  }

  servers({ iceServers }: MeetView): void {
    this.config = { iceServers: iceServers.map((server) => ({ ...server })) };
    for (const { pc } of this.lines.values()) pc.setConfiguration(this.config);
  }

  /** Those who are not among them have gone; with those who are new to me, I begin. */
  peers(ids: readonly string[], _mine: string): void {
    for (const id of this.lines.keys()) if (!ids.includes(id)) this.left(id);
    for (const id of ids) if (!this.lines.has(id)) this.line(id, true);
  }

  /** They offer: whoever comes in begins. */
  joined(peerId: string): void {
    if (this.lines.has(peerId)) this.left(peerId);
  }

  left(peerId: string): void {
    const line = this.lines.get(peerId);
    if (line === undefined) return;
    this.lines.delete(peerId);
    line.pc.close();
    this.changed();
  }

  signal(kind: Signal, data: Record<string, unknown> & { peerId: string }): void {
    const line = this.lines.get(data.peerId) ?? (kind === "offer" ? this.line(data.peerId, false) : null);
    if (line === null) return;
    line.negotiating = line.negotiating
      .then(() => this.heed(line, kind, data))
      .catch((problem: unknown) => this.failed(line, problem));
  }

  end(): void {
    clearInterval(this.timer);
    for (const id of this.lines.keys()) this.left(id);
    this.listeners.clear();
  }

  private line(id: string, begins: boolean): Line {
    const line: Line = {
      id,
      pc: new RTCPeerConnection(this.config),
      early: [],
      first: null,
      camera: new MediaStream(),
      screen: new MediaStream(),
      quality: null,
      heard: SILENCE,
      spokeAt: -Infinity,
      speaking: false,
      negotiating: Promise.resolve(),
    };
    this.lines.set(id, line);
    this.attend(line);
    if (begins) {
      const { pc } = line;
      // Both from the beginning, so that a camera that is switched on later needs nobody's consent.
      pc.addTransceiver("audio", { streams: [this.mine.camera] });
      pc.addTransceiver("video", { streams: [this.mine.camera] });
      this.sendCamera(line);
      this.sendScreen(line);
    }
    this.changed();
    return line;
  }

  private attend(line: Line): void {
    const { id, pc } = line;
    pc.addEventListener("icecandidate", ({ candidate }) => {
      if (candidate !== null) {
        this.options.send("candidate", id, { candidate: JSON.stringify(candidate.toJSON()) });
      }
    });
    pc.addEventListener("track", ({ track, streams }) => this.heard(line, track, streams[0]));
    pc.addEventListener("negotiationneeded", () => this.offer(line));
    pc.addEventListener("connectionstatechange", () => {
      if (pc.connectionState === "failed") pc.restartIce();
      this.changed();
    });
  }

  /**
   * Both begin, and mine has lost, or has not been sent. What I would offer stays beside what they offer, and then camera
   * and screen are not in their places: so I go on as somebody who has not begun.
   */
  private yield(line: Line): void {
    line.pc.close();
    line.pc = new RTCPeerConnection(this.config);
    this.attend(line);
  }

  private offer(line: Line): void {
    line.negotiating = line.negotiating
      .then(async () => {
        if (line.pc.signalingState !== "stable") return;
        await line.pc.setLocalDescription();
        this.describe(line, "offer");
      })
      .catch((problem: unknown) => this.failed(line, problem));
  }

  private async heed(line: Line, kind: Signal, data: Record<string, unknown>): Promise<void> {
    if (kind === "candidate") return this.candidate(line, data["candidate"]);
    const sdp = sdpOf(data["sdp"]);
    if (sdp === null) return;
    if (kind === "answer") {
      if (line.pc.signalingState !== "have-local-offer") return;
      await line.pc.setRemoteDescription({ type: "answer", sdp });
    } else {
      if (line.pc.remoteDescription === null && line.pc.getTransceivers().length > 0) this.yield(line);
      const mineIsLost = line.pc.signalingState === "have-local-offer";
      await line.pc.setRemoteDescription({ type: "offer", sdp }); // rolls an open offer of mine back
      this.sendCamera(line);
      await line.pc.setLocalDescription();
      this.describe(line, "answer");
      this.sendScreen(line);
      // What they did not ask for, the browser does not offer again by itself.
      if (mineIsLost && keepsBack(line.pc)) this.offer(line);
    }
    await Promise.all(line.early.splice(0).map((candidate) => this.add(line, candidate)));
  }

  private describe(line: Line, kind: "offer" | "answer"): void {
    const sdp = line.pc.localDescription?.sdp;
    if (sdp !== undefined) this.options.send(kind, line.id, { sdp });
  }

  private async candidate(line: Line, told: unknown): Promise<void> {
    const candidate = candidateOf(told);
    if (candidate === null) return;
    if (line.pc.remoteDescription === null) line.early.push(candidate);
    else await this.add(line, candidate);
  }

  private async add(line: Line, candidate: RTCIceCandidateInit): Promise<void> {
    try {
      await line.pc.addIceCandidate(candidate);
    } catch {
      // Of an offer that was rolled back meanwhile: there will be others.
    }
  }

  /** Camera and microphone go where the first picture and the first sound go. */
  private sendCamera(line: Line): void {
    for (const kind of ["audio", "video"] as const) {
      const transceiver = nth(line.pc, kind, 0);
      if (transceiver === null) continue;
      send(transceiver, trackOf(this.camera, kind), this.mine.camera);
    }
  }

  private sendScreen(line: Line): void {
    for (const kind of ["video", "audio"] as const) {
      const track = trackOf(this.screen, kind);
      const transceiver = nth(line.pc, kind, 1);
      if (transceiver !== null && track === null) void transceiver.sender.replaceTrack(null);
      else if (transceiver !== null) send(transceiver, track, this.mine.screen);
      else if (track !== null && nth(line.pc, kind, 0) !== null) {
        line.pc.addTransceiver(track, { streams: [this.mine.screen] });
      }
    }
  }

  /** The stream that comes first is the camera's, with its sound; a second picture in it is a screen all the same. */
  private heard(line: Line, track: MediaStreamTrack, theirs: MediaStream | undefined): void {
    line.first ??= theirs?.id ?? "";
    const others = (theirs ?? line.camera)
      .getTracks()
      .filter((one) => one !== track && one.kind === track.kind);
    const taken = others.some((one) => line.camera.getTracks().includes(one));
    const stream = (theirs?.id ?? "") === line.first && !taken ? line.camera : line.screen;
    for (const before of stream.getTracks()) if (before.kind === track.kind) stream.removeTrack(before);
    stream.addTrack(track);
    for (const event of ["mute", "unmute", "ended"]) track.addEventListener(event, () => this.changed());
    this.changed();
  }

  private look(): void {
    this.looks += 1;
    for (const line of this.lines.values()) {
      void this.listen(line);
      if (this.looks % QUALITY_EVERY === 0) void this.judge(line);
    }
  }

  private async listen(line: Line): Promise<void> {
    const heard = await loudnessOf(line.pc);
    if (this.lines.get(line.id) !== line) return;
    const level = levelOf(heard, line.heard);
    line.heard = heard;
    const now = performance.now();
    if (level > SPEAKING) line.spokeAt = now;
    const speaking = now - line.spokeAt < SPEAKS_ON_MS;
    if (speaking === line.speaking) return;
    line.speaking = speaking;
    this.changed();
  }

  private async judge(line: Line): Promise<void> {
    const quality = qualityOf(await line.pc.getStats(), line.quality);
    if (quality === null || this.lines.get(line.id) !== line) return;
    line.quality = quality;
    this.changed();
  }

  private failed(line: Line, problem: unknown): void {
    if (this.lines.get(line.id) !== line || line.pc.signalingState === "closed") return;
    console.warn("A connection has to begin anew", problem);
    line.pc.restartIce();
  }

  private changed(): void {
    this.shown = [...this.lines.values()].map((line) => ({
      peerId: line.id,
      camera: live(line.camera),
      screen: live(line.screen),
      state: line.pc.connectionState,
      quality: line.quality,
      speaking: line.speaking,
    }));
    for (const listener of this.listeners) listener();
  }
}

/** Something of mine is not sent. */
function keepsBack(pc: RTCPeerConnection): boolean {
  return pc
    .getTransceivers()
    .some(
      ({ sender, direction, currentDirection }) =>
        sender.track !== null && sends(direction) && !sends(currentDirection),
    );
}

function sends(direction: RTCRtpTransceiverDirection | null): boolean {
  return direction === "sendrecv" || direction === "sendonly";
}

function send(transceiver: RTCRtpTransceiver, track: MediaStreamTrack | null, as: MediaStream): void {
  void transceiver.sender.replaceTrack(track);
  transceiver.sender.setStreams(as);
  if (transceiver.direction === "recvonly" || transceiver.direction === "inactive") {
    transceiver.direction = transceiver.direction === "recvonly" ? "sendrecv" : "sendonly";
  }
}

/** The place of a medium among those of its kind, in the order of the description. */
function nth(pc: RTCPeerConnection, kind: "audio" | "video", place: number): RTCRtpTransceiver | null {
  const all = pc
    .getTransceivers()
    .filter(
      ({ receiver, currentDirection }) => receiver.track.kind === kind && currentDirection !== "stopped",
    );
  return all[place] ?? null;
}

function trackOf(stream: MediaStream | null, kind: "audio" | "video"): MediaStreamTrack | null {
  return stream?.getTracks().find((track) => track.kind === kind && track.readyState === "live") ?? null;
}

function live(stream: MediaStream): MediaStream | null {
  return stream.getTracks().some((track) => track.readyState === "live" && !track.muted) ? stream : null;
}

/** Clients send the description's text, or the description. */
export function sdpOf(told: unknown): string | null {
  if (typeof told === "string") return told;
  if (typeof told === "object" && told !== null && "sdp" in told && typeof told.sdp === "string")
    return told.sdp;
  return null;
}

/** Clients send the candidate as JSON text, or as an object; an empty one is the end of them. */
export function candidateOf(told: unknown): RTCIceCandidateInit | null {
  if (typeof told === "string") {
    if (!told.startsWith("{")) return told === "" ? null : { candidate: told, sdpMLineIndex: 0 };
    try {
      return candidateOf(JSON.parse(told));
    } catch {
      return null;
    }
  }
  if (typeof told !== "object" || told === null || !("candidate" in told)) return null;
  return told.candidate === "" || told.candidate === null ? null : (told as RTCIceCandidateInit);
}
