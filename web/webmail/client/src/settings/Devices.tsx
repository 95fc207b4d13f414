import { GrantedPrograms } from "./Granted";
import { Phones } from "./Phones";
import { SignedIn } from "./SignedIn";

/** What is signed in, or keeps a copy: browsers, phones, programs. */
export default function Devices() {
  return (
    <>
      <SignedIn />
      <Phones />
      <GrantedPrograms />
    </>
  );
}
