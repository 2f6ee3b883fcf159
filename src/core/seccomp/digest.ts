/** SHA-256 of `engineProfile()`, held by a test; a start needs it and must not make the profile for it. */
export const PROFILE_DIGEST = "416182c525ebc21c043daf1136a5e491737018336f7e3c7b82f6290df637aa24";
