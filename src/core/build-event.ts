/** Progress of an image build. */
export type BuildEvent =
  | { readonly kind: "step"; readonly step: number; readonly total: number; readonly text: string }
  | { readonly kind: "log"; readonly line: string };
