// What is compiled to WebAssembly: it looks at one Service port after the other. endpoint-proofs.ts and service-proofs.ts have its other half.

import {
  beginChains,
  beginForms,
  beginNames,
  beginRoom,
  beginRules,
  beginText,
  hasRoom,
  ownEnd,
  room,
} from "./columns.ts";
import { addDestination, areDistinct, beginDestinations } from "./destinations.ts";
import { areNamed, beginEndpoints, isSound, owner } from "./endpoints.ts";
import {
  beginPorts,
  gatherNames,
  keepModel,
  nextAddress,
  nextModel,
  nextName,
  nextNodePortOutside,
  nextUnproven,
  portNameCount,
  prove,
  proveNames,
  serviceNameCount,
  soundAt,
} from "./models.ts";
import { hasName } from "./names.ts";
import { beginHashes, expectLetters, firstOther, LANES, nextMessage } from "./sha256.ts";

export {
  addDestination,
  areDistinct,
  areNamed,
  beginChains,
  beginDestinations,
  beginEndpoints,
  beginForms,
  beginNames,
  beginPorts,
  beginRoom,
  beginRules,
  beginText,
  gatherNames,
  hasName,
  hasRoom,
  isSound,
  keepModel,
  nextAddress,
  nextModel,
  nextName,
  nextNodePortOutside,
  nextUnproven,
  ownEnd,
  portNameCount,
  prove,
  proveNames,
  room,
  serviceNameCount,
  soundAt,
};

const letters = memory.data(16);

export function ownerAt(): usize {
  return owner;
}

/** Where sixteen letters are put of which `isSpelled` asks. */
export function lettersAt(): usize {
  return letters;
}

/** Whether the letters are the first ones of the hash of a message of so many bytes, which was put where the owner is put. */
export function isSpelled(length: i32): bool {
  beginHashes();
  memory.copy(nextMessage(), owner, length);
  expectLetters(length, letters);
  return firstOther() === LANES;
}
