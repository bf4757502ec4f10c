/** GitHub answered what its documentation does not have. The message names the place and no value. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
}
