import type { Service } from './service';
import type { Settings } from './settings';

/** Tells the person at the terminal where everything is; what is for programs goes to the log. */
export function announce(service: Service, settings: Settings): Promise<void> {
  const lines = [`Sluice listens on ${service.url}, its data is in ${settings.dataDir}`];
  if (service.tokenFile !== null) {
    lines.push(`The operator's token is in ${service.tokenFile}`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
  return Promise.resolve();
}
