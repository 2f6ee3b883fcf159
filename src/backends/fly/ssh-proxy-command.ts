/** Internal subcommand that ssh runs as its ProxyCommand. */
export const SSH_PROXY_COMMAND = "__fly-ssh-proxy";
