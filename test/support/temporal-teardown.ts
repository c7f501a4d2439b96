import { stopTestTemporal } from './temporal-server';

export default stopTestTemporal; // eslint-disable-line no-restricted-syntax -- Jest asks for a default export
