/** The pages about parties by their path. They are one piece, fetched only by whoever goes to one. */

import { JoinPage } from "./JoinPage";
import { NewPartyPage } from "./NewPartyPage";
import { PartiesPage } from "./PartiesPage";
import { PartyPage } from "./PartyPage";
import type { PartyPlace } from "./paths";

export function PartyPages({ place }: { place: PartyPlace }) {
  switch (place.page) {
    case "list":
      return <PartiesPage />;
    case "new":
      return <NewPartyPage />;
    case "join":
      return <JoinPage />;
    case "one":
      return <PartyPage key={place.id} id={place.id} />;
  }
}
