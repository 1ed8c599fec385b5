/** How findings name things: ids cut to eight characters, and a place in a log as `cursor 5 of relay1/1a2b3c4d`. */

/** The first eight characters of an id: enough to find it in a history. */
export function shortId(id: string): string {
  return id.length > 8 ? id.slice(0, 8) : id;
}

export function renderLog(log: { readonly relay: string; readonly epoch: string }): string {
  return `${log.relay}/${shortId(log.epoch)}`;
}

export function renderPlace(place: {
  readonly relay: string;
  readonly epoch: string;
  readonly cursor: number;
}): string {
  return `cursor ${place.cursor} of ${renderLog(place)}`;
}
