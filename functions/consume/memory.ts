// The memory that contents may take in this process, whichever relay they go to.

export interface Memory {
  /** Whether there is room; for what is larger than all of it, when nobody else has any. */
  hasRoom(bytes: number): boolean;
  /** Returns what gives it back. */
  take(bytes: number): () => void;
  /** Calls `listener` whenever some was given back. */
  onRoom(listener: () => void): void;
}

export function createMemory(limit: number): Memory {
  let taken = 0;
  const listeners: (() => void)[] = [];
  return {
    hasRoom: (bytes) => bytes === 0 || taken === 0 || taken + bytes <= limit,
    take(bytes) {
      taken += bytes;
      return () => {
        taken -= bytes;
        if (bytes > 0) for (const listener of listeners) listener();
      };
    },
    onRoom: (listener) => void listeners.push(listener),
  };
}
