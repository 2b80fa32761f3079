import type { PartyStatus } from "@tutti/client/party";
import { STATUS } from "./words";

export function Badge({ status }: { status: PartyStatus }) {
  return <span className={`badge badge-${status}`}>{STATUS[status]}</span>;
}
