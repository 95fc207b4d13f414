import { AppPasswords } from "./AppPasswords";
import { Password } from "./Password";
import { SecondFactors } from "./SecondFactors";

/** How one signs in. */
export default function Security() {
  return (
    <>
      <Password />
      <SecondFactors />
      <AppPasswords />
    </>
  );
}
