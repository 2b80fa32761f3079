/** Conversations and notifications, fetched only by whoever goes to one. */

import { Shell } from "../account/Shell";
import { NotificationsPage } from "../notifications/NotificationsPage";
import { NewTalk } from "./NewTalk";
import { Talks } from "./Talks";
import { WithOne } from "./WithOne";
import type { TalkPlace } from "./paths";

export function TalkPages({ place }: { place: TalkPlace }) {
  switch (place.page) {
    case "notifications":
      return <NotificationsPage />;
    case "new":
      return (
        <Shell title="New conversation">
          <NewTalk />
        </Shell>
      );
    case "with":
      return (
        <Shell title="Messages">
          <WithOne key={place.user} user={place.user} />
        </Shell>
      );
    case "talks":
      return (
        <Shell title="Messages">
          <Talks open={place.id} />
        </Shell>
      );
  }
}
