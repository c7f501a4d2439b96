import { addPerson, type ApiClient } from './api-client';
import type { ApiFixture } from './api-fixture';
import { insertProject, type ProjectFixture } from './store-fixtures';

/** The project `shop`, and who may do what in it. */
export interface PeopleOfShop {
  project: ProjectFixture;
  manager: ApiClient;
  developer: ApiClient;
  viewer: ApiClient;
  /** Administrator of another project, and nobody here. */
  stranger: ApiClient;
}

export async function addPeopleOfShop(api: ApiFixture): Promise<PeopleOfShop> {
  const project = await insertProject(api.deps.store, 'shop');
  await insertProject(api.deps.store, 'blog');
  return {
    project,
    manager: await addPerson(api, 'olga', [{ role: 'release-manager', project: 'shop' }]),
    developer: await addPerson(api, 'ada', [{ role: 'developer', project: 'shop' }]),
    viewer: await addPerson(api, 'grace', [{ role: 'viewer', project: 'shop' }]),
    stranger: await addPerson(api, 'stranger', [{ role: 'administrator', project: 'blog' }]),
  };
}
