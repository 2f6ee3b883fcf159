declare module "*.template" {
  const text: string;
  export default text;
}

declare module "*.txt" {
  const text: string;
  export default text;
}

declare module "*.sh" {
  const text: string;
  export default text;
}

declare module "*.conf" {
  const text: string;
  export default text;
}

declare module "*.pl" {
  const text: string;
  export default text;
}

declare module "*.cjs" {
  const text: string;
  export default text;
}
