import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import "./styles/base.css";
import "./styles/home.css";
import "./styles/room.css";
import "./styles/side.css";
import "./styles/timing.css";
import "./styles/nearby.css";
import "./styles/meeting.css";
import "./styles/account.css";
import "./styles/parties.css";
import "./styles/small.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
