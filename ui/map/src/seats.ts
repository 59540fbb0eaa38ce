// A browser opens six connections to a server, for all of its tabs together. Questions that wait for
// news hold theirs for long, so only as many may wait at once as there are seats.

const SEATS = ["cropmap-news-1", "cropmap-news-2"];

/** Does `work` with a seat where one is free, and without one otherwise. */
export async function withSeat<Result>(work: (seat: boolean) => Promise<Result>): Promise<Result> {
  // Only where the page came over HTTPS or from this machine do tabs know of each other.
  if (!navigator.locks) return work(true);
  for (const seat of SEATS) {
    const done = await navigator.locks.request(seat, { ifAvailable: true }, async (lock) => (lock ? { result: await work(true) } : null));
    if (done) return done.result;
  }
  return work(false);
}
