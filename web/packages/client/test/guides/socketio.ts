/** As much of a Socket.IO server as a client needs: long polling, one namespace, text events (Engine.IO 4, Socket.IO 5). */

import { standIn, type Answer, type Asked, type StandIn } from "./stand-in";

const SEPARATOR = "\u001e";

class Connection {
  auth: Record<string, unknown> = {};
  private waiting: ((answer: Answer) => void) | null = null;
  private packets: string[] = [];

  say(packet: string): void {
    this.packets.push(packet);
    this.flush();
  }

  poll(): Promise<Answer> {
    return new Promise((answer) => {
      this.waiting = answer;
      this.flush();
    });
  }

  private flush(): void {
    if (this.waiting === null || this.packets.length === 0) return;
    this.waiting({ text: this.packets.splice(0).join(SEPARATOR) });
    this.waiting = null;
  }
}

export class SocketIo {
  readonly heard: [event: string, data: unknown][] = [];
  readonly tokens: unknown[] = [];
  refuses = false;
  private readonly connections = new Map<string, Connection>();
  private readonly news = new Set<() => void>();
  private server: StandIn | null = null;

  /** `namespace`: the one that it has, like `/realtime`; the main one by default. `others`: what else is asked of it. */
  constructor(
    private readonly namespace = "",
    private readonly others: (asked: Asked) => Answer | Promise<Answer> = () => ({ status: 404 }),
  ) {}

  private get there(): string {
    return this.namespace === "" ? "" : `${this.namespace},`;
  }

  async open(): Promise<string> {
    this.server = await standIn((asked) => this.answer(asked));
    return this.server.url;
  }

  async close(): Promise<void> {
    this.forget();
    await this.server?.close();
  }

  say(event: string, data: unknown): void {
    for (const connection of this.connections.values()) {
      connection.say(`42${this.there}${JSON.stringify([event, data])}`);
    }
  }

  /** It closes the connection on purpose. */
  sendAway(): void {
    for (const connection of this.connections.values()) connection.say("41");
  }

  /** The connections are gone, as after a crash: the next poll is of nobody that it knows. */
  forget(): void {
    const gone = [...this.connections.values()];
    this.connections.clear();
    for (const connection of gone) connection.say("1");
  }

  /** Resolves when it has heard so many events. */
  async hasHeard(count: number): Promise<[event: string, data: unknown][]> {
    while (this.heard.length < count) {
      // Each piece of news may be the last one needed.
      // oxlint-disable-next-line no-await-in-loop
      await new Promise<void>((heard) => this.news.add(heard));
    }
    return this.heard;
  }

  private answer(asked: Asked): Answer | Promise<Answer> {
    if (!asked.path.startsWith("/socket.io")) return this.others(asked);
    const sid = asked.query.get("sid");
    if (sid === null) return this.shakeHands();
    const connection = this.connections.get(sid);
    if (connection === undefined) return { status: 400, json: { code: 1, message: "Session ID unknown" } };
    if (asked.method === "GET") return connection.poll();
    for (const packet of asked.body.split(SEPARATOR)) this.hear(connection, packet);
    return { text: "ok" };
  }

  private shakeHands(): Answer {
    const sid = `connection-${this.tokens.length}-${this.connections.size}`;
    this.connections.set(sid, new Connection());
    const terms = { sid, upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 100_000 };
    return { text: `0${JSON.stringify(terms)}` };
  }

  private hear(connection: Connection, packet: string): void {
    const { there } = this;
    const said = packet.slice(2 + there.length);
    if (packet.startsWith("40")) {
      const { token } = JSON.parse(said || "{}") as { token?: unknown };
      this.tokens.push(token);
      connection.say(this.refuses ? `44${there}{"message":"UNAUTHORIZED"}` : `40${there}{"sid":"socket"}`);
    } else if (packet.startsWith("42")) {
      this.heard.push(JSON.parse(said) as [string, unknown]);
      for (const tell of this.news) tell();
      this.news.clear();
    }
  }
}
