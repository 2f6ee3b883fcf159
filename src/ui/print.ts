/**
 * Data for standard output, with a line end. By the console, which writes everything before it returns,
 * takes a reader that has gone for no error, and spares the milliseconds that making process.stdout takes.
 */
export function print(text: string): void {
  console.log(text);
}

/** A line for people, on standard error. */
export function say(text: string): void {
  console.error(text);
}
