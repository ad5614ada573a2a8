/** Settings of the tests' clusters: nothing survives the machine, everything survives the server's process. */
export const clusterSettings = {
  fsync: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  max_prepared_transactions: '10',
  max_wal_size: '4GB',
} as const;
