/** SHA-256 of each `engineProfile()`, checked by a test. Constant, because a start needs only the hash, not the profile. */
export const PROFILE_DIGESTS = {
  root: "30a7a719b5dbad8786f3fa54488806a0f643495c74778fa14cdc2fa8c893f45e",
  user: "3e8d1f33c0c12e4e1f552823ef796b015bac1e89a1e94dde33f273ae32468064",
} as const;
