/** The pages around an account by their path. They are one piece, fetched only by whoever goes to one. */

import { ForgotPassword } from "../sign-in/ForgotPassword";
import { ResetPassword } from "../sign-in/ResetPassword";
import { SignInPage } from "../sign-in/SignInPage";
import { VerifyEmail } from "../sign-in/VerifyEmail";
import { PeoplePage } from "../people/PeoplePage";
import { PersonPage } from "../people/PersonPage";
import { AccountPage } from "./AccountPage";
import { personInPath, type AccountPath } from "./paths";

export function AccountPages({ path, place }: { path: string; place: AccountPath }) {
  switch (place) {
    case "sign-in":
      return <SignInPage />;
    case "forgot-password":
      return <ForgotPassword />;
    case "verify-email":
      return <VerifyEmail />;
    case "reset-password":
      return <ResetPassword />;
    case "account":
      return <AccountPage />;
    case "people": {
      const id = personInPath(path);
      return id === null ? <PeoplePage /> : <PersonPage key={id} id={id} />;
    }
  }
}
