/** Friends, who would like to be one, finding others, and whom one wants nothing to do with. */

import { useState } from "react";
import { Shell } from "../account/Shell";
import { people, wordsOf } from "../sign-in/api";
import { List } from "./List";
import { PersonRow } from "./PersonRow";
import { Search } from "./Search";
import { usePages } from "./usePages";

const received = () => people.requests("received");
const sent = () => people.requests("sent");

export function PeoplePage() {
  return (
    <Shell title="People">
      <Lists />
    </Shell>
  );
}

function Lists() {
  const [failure, setFailure] = useState<string | null>(null);
  const asking = usePages(received);
  const asked = usePages(sent);
  const friends = usePages(people.friends);
  const blocked = usePages(people.blocked);

  const lists = [asking, asked, friends, blocked];
  const reload = () => lists.forEach((list) => list.reload());
  const does = (act: Promise<unknown>) => {
    setFailure(null);
    act.catch((reason: unknown) => setFailure(wordsOf(reason))).finally(reload);
  };

  return (
    <div className="people-lists">
      <p className="failure" role="alert" hidden={failure === null}>
        {failure}
      </p>
      <List title="They would like to be your friend" pages={asking} nobody={null}>
        {({ id, user }) => (
          <PersonRow key={id} who={user}>
            <button className="primary" onClick={() => does(people.accept(id))}>
              Accept
            </button>
            <button onClick={() => does(people.decline(id))}>Decline</button>
          </PersonRow>
        )}
      </List>
      <List title="Friends" pages={friends} nobody="Nobody yet: search for people below.">
        {({ id, user }) => (
          <PersonRow key={id} who={user}>
            <button className="quiet" onClick={() => does(people.unfriend(id))}>
              Remove
            </button>
          </PersonRow>
        )}
      </List>
      <Search onAsked={reload} />
      <List title="You asked" pages={asked} nobody={null}>
        {({ id, user }) => (
          <PersonRow key={id} who={user}>
            <button className="quiet" onClick={() => does(people.unfriend(id))}>
              Take it back
            </button>
          </PersonRow>
        )}
      </List>
      <List title="Blocked" pages={blocked} nobody={null}>
        {({ user }) => (
          <PersonRow key={user.id} who={user} linked={false}>
            <button className="quiet" onClick={() => does(people.unblock(user.id))}>
              Unblock
            </button>
          </PersonRow>
        )}
      </List>
    </div>
  );
}
