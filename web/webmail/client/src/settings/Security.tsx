import { AppPasswords } from "./AppPasswords";
import { GrantedPrograms } from "./Granted";
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
      <GrantedPrograms />
      <SignedIn />
    </>
  );
}
