/**
 * Hybrid logical clocks: `hex12(ms)hex4(counter)-node`, lower case, so that byte order is time order and ties fall to
 * the node. Kulkarni et al., "Logical Physical Clocks" (2014).
 */
export type Hlc = string;
