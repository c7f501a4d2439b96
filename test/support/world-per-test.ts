import { connectTemporal, ReleaseWorld, type TemporalConnections } from './release-world';
import { temporalAddress } from './temporal-server';

/** Opens a world before each test of a file and closes it behind it; all of them share one set of connections. */
export function worldPerTest(use: (world: ReleaseWorld, temporal: TemporalConnections) => void): void {
  let temporal: TemporalConnections;
  let world: ReleaseWorld;

  beforeAll(async () => {
    temporal = await connectTemporal(temporalAddress());
  });
  afterAll(() => temporal.close());
  beforeEach(async () => {
    world = await ReleaseWorld.open(temporal);
    use(world, temporal);
  });
  afterEach(() => world.close());
}
