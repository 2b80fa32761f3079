// Who is near, on Express 5 with Redis GEOSEARCH. Usage: node nearby.mjs PORT REDIS_PORT ASC|ANY
// `people` has where everybody is, `names` what they are called. JWT_SECRET: what tokens are signed with.
import { createHmac, timingSafeEqual } from "node:crypto";
import { connect } from "node:net";
import express from "express";

const [port, redisPort, how] = process.argv.slice(2);
const ALPHABET = "0123456789bcdefghjkmnpqrstuvwxyz";
const app = express();
const redis = commands(connect(Number(redisPort), "127.0.0.1"));

app.get("/api/v1/location/nearby", async (request, response) => {
  const user = subject(request.get("authorization") ?? "");
  if (!user) return response.status(401).json({ statusCode: 401, error: "Unauthorized" });
  const { radiusKm = "2", limit = "50" } = request.query;
  const count = how === "ASC" ? ["ASC", "COUNT", limit] : ["COUNT", limit, "ANY"];
  const circle = ["FROMMEMBER", user, "BYRADIUS", radiusKm, "km"];
  const found = await redis("GEOSEARCH", "people", ...circle, ...count, "WITHDIST", "WITHCOORD");
  const names = found.length ? await redis("HMGET", "names", ...found.map(([id]) => id)) : [];
  const users = found.map(([userId, distance, [longitude, latitude]], n) => ({
    userId,
    displayName: names[n],
    avatarUrl: null,
    geohash: geohash(Number(latitude), Number(longitude)),
    distance: Math.max(Math.ceil(Number(distance)), 1),
    track: null,
  }));
  response.json({ users });
});

function subject(authorization) {
  const [scheme, token = ""] = authorization.split(" ");
  const [head, body, signature = ""] = token.split(".");
  const made = createHmac("sha256", process.env.JWT_SECRET).update(`${head}.${body}`).digest();
  const given = Buffer.from(signature, "base64url");
  if (scheme !== "Bearer" || given.length !== made.length || !timingSafeEqual(given, made)) return undefined;
  const claims = JSON.parse(Buffer.from(body, "base64url").toString());
  return claims.exp * 1000 > Date.now() ? claims.sub : undefined;
}

function geohash(latitude, longitude) {
  let [south, north, west, east] = [-90, 90, -180, 180];
  let text = "";
  for (let bit = 0, letter = 0; bit < 30; bit += 1) {
    const across = bit % 2 === 0;
    const middle = across ? (west + east) / 2 : (south + north) / 2;
    const upper = (across ? longitude : latitude) >= middle;
    letter = (letter << 1) | Number(upper);
    if (across) [west, east] = upper ? [middle, east] : [west, middle];
    else [south, north] = upper ? [middle, north] : [south, middle];
    if (bit % 5 === 4) {
      text += ALPHABET[letter];
      letter = 0;
    }
  }
  return text;
}

/** Commands to Redis, as many at once as are asked for; answers come in order (RESP2). */
function commands(socket) {
  const waiting = [];
  let rest = "";
  socket.setNoDelay(true);
  socket.setEncoding("latin1");
  socket.on("data", (data) => {
    rest += data;
    for (let read = answer(rest, 0); read; read = answer(rest, 0)) {
      rest = rest.slice(read[1]);
      waiting.shift()(read[0]);
    }
  });
  return (...words) => {
    socket.write(`*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`, "latin1");
    return new Promise((resolve) => waiting.push(resolve));
  };
}

/** One answer and where it ends; undefined: there is more to come. */
function answer(text, at) {
  const end = text.indexOf("\r\n", at);
  if (end < 0) return undefined;
  const line = text.slice(at + 1, end);
  if (text[at] === "*") return list(text, end + 2, Number(line));
  if (text[at] !== "$") return [line, end + 2];
  if (line === "-1") return [null, end + 2];
  const after = end + 2 + Number(line);
  return text.length >= after + 2 ? [text.slice(end + 2, after), after + 2] : undefined;
}

function list(text, at, length) {
  const items = [];
  for (let n = 0, from = at; n < length; n += 1) {
    const item = answer(text, from);
    if (!item) return undefined;
    items.push(item[0]);
    from = item[1];
    if (n === length - 1) return [items, from];
  }
  return [items, at];
}

const server = app.listen(Number(port), "127.0.0.1", 4096);
server.keepAliveTimeout = 120_000; // the slower of the two answers so seldom that connections rest
