/** The word by which ssh calls silo for its link to a machine. */
export const PIPE_WORD = "__fly-pipe";
