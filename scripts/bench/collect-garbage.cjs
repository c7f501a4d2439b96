// Preloaded into a service whose memory is measured, and by Node into its worker threads, where workflows live: at SIGUSR2
// all of them collect garbage. What is left is what the service needs, not what the collector has not come to yet.
const { BroadcastChannel, isMainThread } = require('node:worker_threads');

const channel = new BroadcastChannel('collect-garbage');
channel.onmessage = () => globalThis.gc();
channel.unref();

if (isMainThread) {
  process.on('SIGUSR2', () => {
    globalThis.gc();
    channel.postMessage(null);
  });
}
