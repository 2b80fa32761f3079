import { PartiesApi } from "@tutti/client/party";
import { http } from "../sign-in/api";

export const parties = new PartiesApi(http);
