import { AppPasswords } from "./AppPasswords";
import { Password } from "./Password";
import { SecondFactors } from "./SecondFactors";
import { SignedIn } from "./SignedIn";

/** How one signs in, and who is signed in. */
export default function Security() {
  return (
    <>
      <Password />
      <SecondFactors />
      <AppPasswords />
      <SignedIn />
    </>
  );
}
