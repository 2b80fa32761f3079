interface Props {
  who: { display_name: string; username: string; avatar: string | null };
  size?: number;
  /** Left out where the name stands beside it. */
  alt?: string;
}

/** Somebody's picture, or the first letter of their name. */
export function Avatar({ who, size = 40, alt = "" }: Props) {
  const style = { width: size, height: size };
  if (who.avatar !== null) {
    return <img className="avatar" src={who.avatar} alt={alt} style={style} loading="lazy" />;
  }
  const letter = [...(who.display_name || who.username)][0]?.toLocaleUpperCase() ?? "?";
  return (
    <span
      className="avatar"
      style={{ ...style, fontSize: size * 0.42 }}
      {...(alt === "" ? { "aria-hidden": true } : { role: "img", "aria-label": alt })}
    >
      {letter}
    </span>
  );
}
