/** A number of 64 bits from its two unsigned halves. The global that converts numbers is kept out of the pure rooms. */
export function u64(high: number, low: number): bigint {
  const word = new DataView(new ArrayBuffer(8));
  word.setUint32(0, high);
  word.setUint32(4, low);
  return word.getBigUint64(0);
}
