import { useState } from "react";
import { Icon } from "../room/stage/Icon";
import { useShortcuts } from "../room/useShortcuts";
import { DeviceChoice } from "./DeviceChoice";
import { useHere } from "./here";

const REACTIONS = ["👍", "❤️", "😂", "🎉", "👏", "🤔"] as const;

/** Everything one does oneself. */
export function Bar({ sideOpen, onSide }: { sideOpen: boolean; onSide: () => void }) {
  const { meeting, media, view, local, me, mayModerate } = useHere();
  const [open, setOpen] = useState<"reactions" | "more" | null>(null);
  const raised = me?.handRaised ?? false;
  const mayShare = typeof navigator.mediaDevices?.getDisplayMedia === "function";
  const toggle = (which: "reactions" | "more") => setOpen((now) => (now === which ? null : which));
  useShortcuts({
    mute: () => void media.setMic(!local.micOn),
    hand: () => meeting.raiseHand(!raised),
    react: () => toggle("reactions"),
    dismiss: () => setOpen(null),
  });
  return (
    <div className="bar" role="toolbar" aria-label="Meeting controls">
      <Key
        icon={local.micOn ? "mic" : "micOff"}
        label={local.micOn ? "Mute" : "Unmute"}
        off={!local.micOn}
        shortcut="m"
        onPress={() => void media.setMic(!local.micOn)}
      />
      <Key
        icon={local.cameraOn ? "camera" : "cameraOff"}
        label={local.cameraOn ? "Stop camera" : "Start camera"}
        off={!local.cameraOn}
        onPress={() => void media.setCamera(!local.cameraOn)}
      />
      {mayShare && (
        <Key
          icon="display"
          label={local.screen === null ? "Share screen" : "Stop sharing"}
          on={local.screen !== null}
          onPress={() => {
            if (local.screen === null) void media.share();
            else media.stopSharing();
          }}
        />
      )}
      <Key
        icon="hand"
        label={raised ? "Lower hand" : "Raise hand"}
        on={raised}
        shortcut="h"
        onPress={() => meeting.raiseHand(!raised)}
      />
      <Key
        bare
        icon="smile"
        label="React"
        on={open === "reactions"}
        shortcut="r"
        onPress={() => toggle("reactions")}
      />
      {mayModerate && (
        <Key
          icon="record"
          label={view.recording === null ? "Record" : "Stop recording"}
          on={view.recording !== null}
          onPress={() => meeting.record(view.recording === null)}
        />
      )}
      <Key bare icon="more" label="Devices" on={open === "more"} onPress={() => toggle("more")} />
      <Key bare icon="panel" label={sideOpen ? "Hide panel" : "Show panel"} on={sideOpen} onPress={onSide} />
      <button className="hang-up" onClick={() => meeting.leave()} aria-label="Leave the meeting">
        <Icon name="hangUp" /> <span className="word">Leave</span>
      </button>
      {open === "reactions" && (
        <div className="pop" role="group" aria-label="Reactions">
          {REACTIONS.map((emoji) => (
            <button
              key={emoji}
              className="icon"
              onClick={() => meeting.react(emoji)}
              aria-label={`React ${emoji}`}
            >
              {emoji}
            </button>
          ))}
        </div>
      )}
      {open === "more" && (
        <div className="pop devices" role="group" aria-label="Devices">
          <DeviceChoice media={media} local={local} />
          <p className="muted">
            {local.problem ?? "With more than one camera or microphone, choose here which is used."}
          </p>
        </div>
      )}
    </div>
  );
}

interface KeyProps {
  icon: Parameters<typeof Icon>[0]["name"];
  label: string;
  on?: boolean;
  off?: boolean;
  /** The picture says enough. */
  bare?: boolean;
  shortcut?: string;
  onPress: () => void;
}

function Key({ icon, label, on = false, off = false, bare = false, shortcut, onPress }: KeyProps) {
  return (
    <button
      className={["key", bare && "bare", on && "on", off && "off"].filter(Boolean).join(" ")}
      aria-pressed={on}
      aria-keyshortcuts={shortcut}
      title={shortcut === undefined ? label : `${label} (${shortcut})`}
      onClick={onPress}
    >
      <Icon name={icon} />
      <span className={bare ? "visually-hidden" : "word"}>{label}</span>
    </button>
  );
}
