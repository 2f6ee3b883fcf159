/**
 * Variables that change the behaviour of an engine's command (Docker 20.10 to 28, podman 4, apple/container 1.2) or of a
 * script or helper that it starts. Other variables reach the guest through the command's environment. These must not,
 * because podman runs the program in `STORAGE_OPTS`, for example, and a wrapper script the file in `BASH_ENV`.
 */
const STEERING = new RegExp(
  `^(${[
    "PATH|HOME|USER|TMPDIR|PWD|ENV|IFS|SHELLOPTS|BASHOPTS|PS4|NO_COLOR|XDG_.*|LD_.*|DYLD_.*|GO[A-Z]+|GCONV_PATH|GLIBC_TUNABLES|LOCPATH",
    "DOCKER_.*|BUILDKIT_.*|BUILDX_.*|COMPOSE_.*|OTEL_.*",
    "PODMAN_.*|STORAGE_.*|REGISTRY_AUTH_FILE|_?CONTAINERS?_.*|_PODMAN_.*|NOTIFY_SOCKET|LISTEN_.*|DBUS_.*",
    "BASH_.*|PERL5.*|PYTHON.*|RUBY.*|NODE_OPTIONS|NODE_PATH|BUN_.*|SSL_CERT_.*|SSH_.*|.*_proxy|.*_PROXY",
  ].join("|")})$`,
);

/** Whether a variable must not be in the environment of an engine's command. */
export function steersCli(name: string): boolean {
  return STEERING.test(name);
}
