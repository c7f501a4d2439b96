import { startTestTemporal } from './temporal-server';

/** One Temporal server for all files of a run. A missing server fails the run; nothing is skipped. */
export default startTestTemporal; // eslint-disable-line no-restricted-syntax -- Jest asks for a default export
