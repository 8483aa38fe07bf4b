/** What an account's owner has chosen, and what TikTok lets it do. */
export interface TikTokCreator {
  username: string;
  nickname: string;
  privateAccount: boolean;
  commentDisabled: boolean;
  duetDisabled: boolean;
  stitchDisabled: boolean;
  maxDurationSec: number;
  banned: boolean;
}

/** As TikTok offers them to private and to public accounts. */
export function privacyOptions(creator: TikTokCreator): string[] {
  return [creator.privateAccount ? 'FOLLOWER_OF_CREATOR' : 'PUBLIC_TO_EVERYONE', 'MUTUAL_FOLLOW_FRIENDS', 'SELF_ONLY'];
}

/** An account as it is before anybody changes it: private, since apps begin unaudited. */
export function newCreator(accountId: string): TikTokCreator {
  return {
    username: `user${accountId.replace(/[^0-9a-z]/gi, '').slice(0, 16).toLowerCase()}`,
    nickname: 'Sandbox Creator',
    privateAccount: true,
    commentDisabled: false,
    duetDisabled: false,
    stitchDisabled: false,
    maxDurationSec: 600,
    banned: false,
  };
}
