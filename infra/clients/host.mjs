// A host that others wrote, around a function's bundle: `node host.mjs KIND BUNDLES NAME PORT`. Hosts of events are given each as the body of a request.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const [kind, bundles, name, port] = process.argv.slice(2);
const { [name]: handler } = await import(pathToFileURL(join(bundles, name, 'index.mjs')).href);

const express = require('express');
const limit = '50mb';
const parsed = () =>
  express()
    .use(express.json({ limit, type: ['application/json', 'application/*+json'] }))
    .use(express.urlencoded({ extended: true }))
    .use(handler);
const serverlessHttp = (app) => require('serverless-http')(app);
const codegenie = (app) => require('@codegenie/serverless-express')({ app });

const onRequests = {
  http: () => handler,
  express: () => express().use(handler),
  'express at /mail': () => express().use('/mail', handler),
  'express with json and forms': parsed,
  'express with raw': () =>
    express()
      .use(express.raw({ limit, type: '*/*' }))
      .use(handler),
  'express with text': () =>
    express()
      .use(express.text({ limit, type: '*/*' }))
      .use(handler),
};
const onEvents = {
  'serverless-http': () => serverlessHttp(handler),
  'serverless-http, express with json': () => serverlessHttp(parsed()),
  codegenie: () => codegenie(handler),
  'codegenie, express': () => codegenie(express().use(handler)),
  'codegenie, express with json': () => codegenie(parsed()),
};

async function invoke(lambda, request, response) {
  const event = JSON.parse(Buffer.concat(await request.toArray()).toString());
  const result = await lambda(event, { callbackWaitsForEmptyEventLoop: false });
  response.end(JSON.stringify(result));
}

const lambda = onEvents[kind]?.();
const server = createServer(lambda ? (request, response) => invoke(lambda, request, response) : onRequests[kind]());
server.listen(Number(port), '127.0.0.1', () => console.log('listening'));
