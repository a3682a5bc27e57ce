// How many test files run at once: each has a RabbitMQ of its own, as workers take whatever is on a queue.
export const brokers = 3;
