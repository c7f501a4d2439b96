import { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';

/*
 * Express gives each request and response the prototypes of its app, and the engine a shape of its own to each object
 * whose prototype is replaced: nothing it has learned about requests then helps with the next one, which cost more than
 * evaluating a flag. A server that makes them of these classes, and an app that has their prototypes, leave Express
 * nothing to replace.
 */

/** A request as Express wants it from the start. */
export class ExpressRequest extends IncomingMessage {}

/** A response as Express wants it from the start. */
export class ExpressResponse<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {}

Object.setPrototypeOf(ExpressRequest.prototype, express.request);
Object.setPrototypeOf(ExpressResponse.prototype, express.response);

/** An app that takes requests and responses as they are, where they are made of these classes; others work as ever. */
export function createExpressApp(): express.Express {
  const app = express();
  app.request = ExpressRequest.prototype as express.Request;
  app.response = ExpressResponse.prototype as express.Response;
  return app;
}
