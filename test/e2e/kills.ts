import type { KilledService } from './killed-service';

/** Ways in which the service, what it runs on, or both end and are there again. */
export const KILLS: [string, (service: KilledService) => Promise<void>][] = [
  [
    'kill -9 of the service',
    async (service) => {
      await service.kill9();
      await service.startAgain();
    },
  ],
  [
    'kill -9 of Temporal',
    async (service) => {
      await service.kill9Temporal();
    },
  ],
  [
    'kill -9 of both',
    async (service) => {
      await Promise.all([service.kill9Temporal(), service.kill9()]);
      await service.startAgain();
    },
  ],
  [
    'SIGTERM',
    async (service) => {
      expect(await service.stop()).toBe(0);
      await service.startAgain();
    },
  ],
];
