import type { Deed } from '../traffic.js';

const STATUSES = ['sent', 'delivered', 'read', 'failed'] as const;

const deliver: Deed = async ({ webhook }, some) => {
  const now = new Date().toISOString();
  const messages = Array.from({ length: 1 + some.below(5) }, () => ({
    id: `traffic-${some.below(1_000_000_000)}`,
    accountId: `shop-${String(1 + some.below(40)).padStart(2, '0')}`,
    status: some.of(STATUSES),
    sentAt: now,
  }));
  const { status } = await webhook('/webhooks/instagram', { messages });
  return status === 200 ? `${messages.length} direct messages` : undefined;
};

export const messages: readonly Deed[] = [deliver, deliver];
