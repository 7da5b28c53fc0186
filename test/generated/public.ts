export type PublicPart = {
  readonly title: string;
  readonly intro?: string;
  /** Functions, views and tables of schema tally, in the order in which they are read. */
  readonly names: readonly string[];
};

/** What users rely on; everything else in the schema is internal. */
export const PUBLIC: readonly PublicPart[] = [
  {
    title: 'Counters',
    names: [
      'create_counter',
      'drop_counter',
      'fill',
      'counters',
      'values_of',
      'top',
      'top_after',
      'counter_definitions',
    ],
  },
  {
    title: 'Summaries',
    intro: 'What they are for, and how to write a builder: [summaries.md](summaries.md).',
    names: [
      'create_summary',
      'watch',
      'unwatch',
      'drop_summary',
      'summaries',
      'read_summary',
      'summary_text',
      'refresh',
      'warm',
      'build_history',
      'document_ages',
      'summary_definitions',
      'watches',
    ],
  },
  {
    title: 'The pulse and the work',
    intro: 'Call `tally.tick()` from cron, or keep `npx pgtally pulse` running; either will do.',
    names: ['pulse', 'work', 'tick', 'pulses'],
  },
  {
    title: 'Expiry, retention and partitions',
    intro: 'How they work together: [expiry-and-retention.md](expiry-and-retention.md).',
    names: [
      'create_expiry',
      'drop_expiry',
      'expire_due',
      'next_due',
      'expiries',
      'expiry_failures',
      'create_retention',
      'drop_retention',
      'clean_up',
      'retentions',
      'ensure_partitions',
      'drop_partitioning',
      'partitionings',
    ],
  },
  {
    title: 'Jobs',
    names: [
      'jobs',
      'run_due_jobs',
      'running_jobs',
      'cancel_overdue_jobs',
      'install_cron',
      'uninstall_cron',
      'cron',
    ],
  },
  {
    title: 'Looking after it',
    names: ['status', 'doctor', 'verify', 'repair', 'attach', 'settings'],
  },
  {
    title: 'For a server that pulses',
    intro: 'One session attends, pulses, and says whether writers shall wake it.',
    names: [
      'attend',
      'fall_asleep',
      'stay_awake',
      'collect_marks',
      'expand_due',
      'await_marks',
      'stop_awaiting_marks',
      'build_topic',
    ],
  },
];
