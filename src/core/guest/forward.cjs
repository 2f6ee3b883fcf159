// Forwards ports to the guest's loopback; the arguments are pairs listen:to.
const net = require("node:net");
for (const pair of process.argv.slice(1)) {
  const [listen, to] = pair.split(":").map(Number);
  net
    .createServer((near) => {
      const far = net.connect(to, "127.0.0.1");
      const end = () => {
        near.destroy();
        far.destroy();
      };
      near.on("error", end).pipe(far);
      far.on("error", end).pipe(near);
    })
    // A port that is taken is not forwarded.
    .on("error", () => {})
    .listen(listen);
}
