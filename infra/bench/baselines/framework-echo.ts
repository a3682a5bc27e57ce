// A process: the least a function can be. An echo handler on the functions framework that parses the JSON and answers 202.
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';

http('echo', (request, response) => {
  response.status(202).json(request.body);
});
getTestServer('echo').listen(Number(process.env.PORT), '127.0.0.1');
