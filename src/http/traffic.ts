/** Upper bounds in seconds of the classes that answers are counted in by how long they took. */
export const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

const STATUSES = 600;

/** What one route answered. Plain numbers: counting must cost a read nothing. */
export type RouteTraffic = {
  readonly id: string;
  /** Whether it shows what somebody may have already: 200, or 304. */
  readonly isRead: boolean;
  readonly statuses: Float64Array;
};

/** Counts answers as they go out; the metrics look when somebody asks. */
export class Traffic {
  readonly routes: RouteTraffic[] = [];
  /** One class more than there are bounds: whatever took longer. */
  readonly seconds = new Float64Array(REQUEST_SECONDS.length + 1);
  secondsSum = 0;

  /** Whoever answers for a route counts in the same place. */
  route(id: string, isRead: boolean): RouteTraffic {
    const known = this.routes.find((one) => one.id === id);
    if (known !== undefined) return known;
    const route = { id, isRead, statuses: new Float64Array(STATUSES) };
    this.routes.push(route);
    return route;
  }

  record({ statuses }: RouteTraffic, status: number, ms: number): void {
    statuses[status] = (statuses[status] ?? 0) + 1;
    const seconds = ms / 1000;
    this.secondsSum += seconds;
    let at = 0;
    while (at < REQUEST_SECONDS.length && seconds > (REQUEST_SECONDS[at] ?? 0)) at += 1;
    this.seconds[at] = (this.seconds[at] ?? 0) + 1;
  }

  total(status: number): number {
    return sum(this.routes, status);
  }

  /** What reading routes answered, and how much of it the client had already. */
  reads(): { readonly reads: number; readonly notModified: number } {
    const reading = this.routes.filter(({ isRead }) => isRead);
    const notModified = sum(reading, 304);
    return { reads: sum(reading, 200) + notModified, notModified };
  }
}

function sum(routes: readonly RouteTraffic[], status: number): number {
  return routes.reduce((all, { statuses }) => all + (statuses[status] ?? 0), 0);
}
