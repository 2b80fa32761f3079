/** Something went wrong, said where it happened and read out when it appears. */
export function Failure({ children }: { children: string | null }) {
  return (
    <p className="failure" role="alert" hidden={children === null}>
      {children}
    </p>
  );
}
