import { describe, expect, it } from "vitest";
import { meetingInPath, meetingPath, roomIn, roomInPath, roomPath } from "../src/room-link";

describe("a room's address", () => {
  it("is found in whatever people paste", () => {
    for (const pasted of [
      "K7Q2",
      "  K7Q2\n",
      "/r/K7Q2",
      "http://localhost:3000/r/K7Q2",
      "https://tutti.example/r/K7Q2/?from=mail#x",
      "tutti.example/r/K7Q2",
    ]) {
      expect(roomIn(pasted), pasted).toBe("K7Q2");
    }
  });

  it("is not found where there is none", () => {
    for (const pasted of ["", "  ", "two words", "https://tutti.example/", "https://tutti.example/x/K7Q2"]) {
      expect(roomIn(pasted), pasted).toBeNull();
    }
  });

  it("survives the way there and back, whatever the code is made of", () => {
    for (const roomId of ["K7Q2", "a b", "ä/ö", "50%"]) {
      expect(roomInPath(roomPath(roomId)), roomId).toBe(roomId);
    }
  });

  it("may be broken without breaking the page", () => {
    expect(roomInPath("/r/%E0%A4%A")).toBeNull();
  });

  it("may be that of a meeting, which is another page on the same room", () => {
    expect(meetingInPath(meetingPath("abc-defg-hjk"))).toBe("abc-defg-hjk");
    expect(roomIn("https://tutti.example/m/abc-defg-hjk")).toBe("abc-defg-hjk");
    expect(roomInPath("/m/abc-defg-hjk")).toBeNull();
    expect(meetingInPath("/r/abc-defg-hjk")).toBeNull();
  });
});
