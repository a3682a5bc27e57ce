// How many test files run at once: each has its own RabbitMQ, because workers take every message of a queue.
export const brokers = 3;
