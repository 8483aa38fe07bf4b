import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { StandInAnswer, StandInPost, StandInRequest } from '../stand-in.js';
import { googleError, Refused, refuse } from './answers.js';
import { jsonBody, readJson, relatedBody, wholeBody } from './body.js';
import { type Channel, Channels, uploadsPlaylist } from './channels.js';
import { readSnippet, readStatus, videoBody } from './metadata.js';
import { type GoogleLogin, scopes } from './oauth.js';
import { type DailyQuota, ProjectQuota } from './project-quota.js';
import { Query } from './query.js';
import { UploadSessions } from './upload-sessions.js';
import { describe, iso, type Video, Videos } from './videos.js';

const mebi = 1024 * 1024;
const maxThumbnailBytes = 2 * mebi;
const maxCaptionBytes = 100 * mebi;
const maxVideoBytes = 256 * 1024 * mebi;
const videoParts = ['id', 'snippet', 'status', 'processingDetails', 'fileDetails', 'contentDetails', 'recordingDetails', 'statistics', 'player', 'topicDetails', 'localizations'] as const;

const captionBody = z.strictObject({ snippet: z.strictObject({ videoId: z.string(), language: z.string(), name: z.string(), isDraft: z.boolean().optional() }) });

interface Method {
  scopes: readonly string[];
  /** Units of the shared daily quota; uploads have their own. */
  units: number;
  run(request: StandInRequest, channel: Channel): Promise<StandInAnswer> | StandInAnswer;
}

const reading = [scopes.read, scopes.all, scopes.manage, scopes.partner];
const writing = [scopes.all, scopes.manage, scopes.partner];
const uploading = [scopes.upload, ...writing];
const captioning = [scopes.manage, scopes.partner];

/** The methods of the Data API, behind login, scopes and quota. */
export class DataApi {
  readonly channels = new Channels();
  readonly videos: Videos;
  readonly sessions: UploadSessions;
  readonly quota: ProjectQuota;
  audited: boolean;
  readonly #nowMs: () => number;
  readonly #login: GoogleLogin;
  readonly #processingMs: number;
  readonly #listingMs: number;
  readonly #methods: Readonly<Record<string, Method>>;

  constructor(options: { nowMs(): number; login: GoogleLogin; audited: boolean; processingMs: number; sessionLifetimeMs: number; listingMs: number; quota: DailyQuota }) {
    this.#nowMs = options.nowMs;
    this.#login = options.login;
    this.audited = options.audited;
    this.#processingMs = options.processingMs;
    this.#listingMs = options.listingMs;
    this.videos = new Videos(options.nowMs);
    this.quota = new ProjectQuota(options.quota, options.nowMs);
    this.sessions = new UploadSessions({
      nowMs: options.nowMs,
      lifetimeMs: options.sessionLifetimeMs,
      make: (upload) => this.#makeVideo(upload),
      describe: (video, parts) => this.#describe(video, parts),
    });
    this.#methods = {
      'POST /upload/youtube/v3/videos': { scopes: uploading, units: 0, run: (request, channel) => this.#insertVideo(request, channel) },
      'POST /upload/youtube/v3/thumbnails/set': { scopes: uploading, units: 50, run: (request, channel) => this.#setThumbnail(request, channel) },
      'POST /upload/youtube/v3/captions': { scopes: captioning, units: 400, run: (request, channel) => this.#insertCaptions(request, channel) },
      'GET /youtube/v3/videos': { scopes: reading, units: 1, run: (request, channel) => this.#listVideos(request, channel) },
      'PUT /youtube/v3/videos': { scopes: writing, units: 50, run: (request, channel) => this.#updateVideo(request, channel) },
      'GET /youtube/v3/captions': { scopes: captioning, units: 50, run: (request, channel) => this.#listCaptions(request, channel) },
      'GET /youtube/v3/channels': { scopes: reading, units: 1, run: (request, channel) => this.#listChannels(request, channel) },
      'GET /youtube/v3/playlistItems': { scopes: reading, units: 1, run: (request, channel) => this.#listUploads(request, channel) },
    };
  }

  /** @throws {Refused} */
  async handle(request: StandInRequest): Promise<StandInAnswer> {
    const { url, method } = request;
    const uploadId = url.searchParams.get('upload_id');
    if (url.pathname === '/upload/youtube/v3/videos' && uploadId !== null && (method === 'PUT' || method === 'DELETE')) {
      const channel = this.#channelOf(request, uploading);
      return this.sessions.handle(uploadId, channel.id, request);
    }
    const found = this.#methods[`${method} ${url.pathname}`];
    if (!found) return googleError(404, 'notFound', 'Not Found');
    const channel = this.#channelOf(request, found.scopes);
    if (found.units > 0) this.quota.spend('units', found.units);
    return found.run(request, channel);
  }

  posts(): StandInPost[] {
    return this.videos.all().map((video) => ({
      id: video.id,
      account: video.channelId,
      url: `https://www.youtube.com/watch?v=${video.id}`,
      text: video.snippet.title,
      videoSha256: video.sha256,
      visibility: video.status.publishAtMs === undefined ? video.status.privacyStatus : 'scheduled',
      publishAtMs: video.status.publishAtMs ?? null,
      createdMs: video.createdMs,
    }));
  }

  #channelOf(request: StandInRequest, allowed: readonly string[]): Channel {
    const { authorization } = request.headers;
    if (authorization === undefined) refuse(401, 'required', 'Login Required.');
    const grant = this.#login.check(/^Bearer (\S+)$/.exec(authorization)?.[1]);
    if (grant === 'invalid') {
      throw new Refused(googleError(401, 'authError', 'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.', 'global', { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' }));
    }
    if (!allowed.some((scope) => grant.scopes.includes(scope))) {
      throw new Refused(googleError(403, 'insufficientPermissions', 'Request had insufficient authentication scopes.', 'global', { 'www-authenticate': `Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="${allowed.join(' ')}"` }));
    }
    return this.channels.of(grant.account);
  }

  /** Opens the session of an upload; simple uploads are not for films. */
  async #insertVideo(request: StandInRequest, channel: Channel): Promise<StandInAnswer> {
    const query = new Query(request.url, ['part', 'notifySubscribers', 'autoLevels', 'stabilize', 'onBehalfOfContentOwner', 'onBehalfOfContentOwnerChannel']);
    if (query.get('uploadType') !== 'resumable') refuse(400, 'badRequest', 'Only resumable uploads are taken here.');
    const parts = query.parts(videoParts);
    const { snippet, status, id } = await jsonBody(request, 'resource', videoBody);
    const totalBytes = Number(request.headers['x-upload-content-length'] ?? Number.NaN);
    const type = request.headers['x-upload-content-type'] ?? '';
    this.quota.spend('uploads', 1);
    if (channel.id === '') refuse(401, 'youtubeSignupRequired', 'Unauthorized', 'youtube.header');
    if (id !== undefined || (snippet && !parts.has('snippet')) || (status && !parts.has('status'))) refuse(400, 'unexpectedPart', 'The request body has a part that the part parameter does not name.', 'youtube.part');
    if (!/^(video\/[\w.+-]+|application\/octet-stream)$/.test(type)) refuse(400, 'badContent', `Media type '${type}' is not supported. Valid media types: [video/*, application/octet-stream]`);
    if (!Number.isSafeInteger(totalBytes) || totalBytes <= 0) refuse(400, 'mediaBodyRequired', 'The request does not include the video content.', 'youtube.video');
    if (totalBytes > maxVideoBytes) refuse(413, 'uploadTooLarge', 'The film is larger than 256 GB.');
    const read = { snippet: readSnippet(snippet ?? {}), status: readStatus(status ?? {}, this.#nowMs()) };
    if (channel.facts.uploadLimitReached) refuse(400, 'uploadLimitExceeded', 'The user has exceeded the number of videos they may upload.', 'youtube.video');
    const uploadId = this.sessions.open({ channelId: channel.id, ...read, parts, totalBytes });
    return { status: 200, headers: { location: `https://${request.url.host}/upload/youtube/v3/videos?uploadType=resumable&part=${[...parts].join(',')}&upload_id=${uploadId}`, 'x-guploader-uploadid': uploadId, 'content-length': '0' }, body: '' };
  }

  #makeVideo({ channelId, snippet, status, sizeBytes, sha256 }: Parameters<ConstructorParameters<typeof UploadSessions>[0]['make']>[0]): Video {
    const nowMs = this.#nowMs();
    const { facts } = this.channels.of({ id: channelId, name: channelId });
    return this.videos.add({
      channelId,
      snippet,
      // The time of publication was given when the session was opened; it may have passed since.
      status: this.audited ? status : { ...status, privacyStatus: 'private', publishAtMs: undefined },
      sizeBytes,
      sha256,
      createdMs: nowMs,
      processedMs: nowMs + this.#processingMs,
      processing: facts.processing,
    });
  }

  #describe(video: Video, parts: ReadonlySet<string>): object {
    return describe(video, parts, this.#nowMs(), this.channels.title(video.channelId));
  }

  #listVideos(request: StandInRequest, channel: Channel): StandInAnswer {
    const query = new Query(request.url, ['part', 'id', 'hl', 'maxResults', 'pageToken']);
    const parts = query.parts(videoParts);
    const ids = query.list('id');
    if (ids.length === 0) refuse(400, 'missingRequiredParameter', 'No filter selected. Expected one of: chart, id, myRating', 'youtube.parameter');
    if (ids.length > 50) refuse(400, 'invalidFilters', 'At most 50 ids may be named.', 'youtube.parameter');
    const seen = ids.flatMap((id) => this.videos.get(id) ?? []).filter((video) => video.channelId === channel.id || video.status.privacyStatus !== 'private');
    const owners = parts.has('fileDetails') || parts.has('processingDetails');
    if (owners && seen.some((video) => video.channelId !== channel.id)) refuse(403, 'forbidden', 'The request cannot access user rating or file information.', 'youtube.video');
    return { status: 200, body: { kind: 'youtube#videoListResponse', etag: `"${this.#nowMs()}"`, items: seen.map((video) => this.#describe(video, parts)), pageInfo: { totalResults: seen.length, resultsPerPage: seen.length } } };
  }

  async #updateVideo(request: StandInRequest, channel: Channel): Promise<StandInAnswer> {
    const parts = new Query(request.url, ['part']).parts(['id', 'snippet', 'status']);
    const { id, snippet, status } = await jsonBody(request, 'resource', videoBody);
    if (id === undefined) return refuse(400, 'missingRequiredParameter', 'The resource has no id.', 'youtube.parameter');
    if ((snippet && !parts.has('snippet')) || (status && !parts.has('status'))) refuse(400, 'unexpectedPart', 'The request body has a part that the part parameter does not name.', 'youtube.part');
    const video = this.videos.owned(id, channel.id, 'The video belongs to another channel.');
    if (parts.has('snippet')) {
      if (snippet?.categoryId === undefined) refuse(400, 'invalidCategoryId', 'The snippet.categoryId property specifies an invalid category ID.', 'youtube.video');
      video.snippet = readSnippet(snippet);
    }
    if (parts.has('status')) {
      const read = readStatus(status ?? {}, this.#nowMs());
      if (read.publishAtMs !== undefined && video.wasPublic) refuse(400, 'invalidPublishAt', 'The video was public before.', 'youtube.video');
      if (!this.audited && read.privacyStatus !== 'private') refuse(403, 'forbiddenPrivacySetting', 'The request attempts to set an invalid privacy setting for the video.', 'youtube.video');
      video.status = read;
      video.wasPublic ||= read.privacyStatus === 'public';
    }
    return { status: 200, body: this.#describe(video, parts) };
  }

  #listChannels(request: StandInRequest, channel: Channel): StandInAnswer {
    const query = new Query(request.url, ['part', 'mine', 'id', 'maxResults', 'pageToken', 'hl']);
    const parts = query.parts(['id', 'snippet', 'contentDetails', 'statistics', 'status']);
    if (query.get('mine') !== 'true') refuse(400, 'missingRequiredParameter', 'No filter selected. Expected one of: forUsername, managedByMe, categoryId, mine, mySubscribers, id, idParam', 'youtube.parameter');
    const page = { kind: 'youtube#channelListResponse', etag: `"${channel.id}"`, pageInfo: { totalResults: channel.id === '' ? 0 : 1, resultsPerPage: 5 } };
    // An account without a channel has not even an empty list.
    if (channel.id === '') return { status: 200, body: page };
    const item = {
      kind: 'youtube#channel',
      etag: `"${channel.id}"`,
      id: channel.id,
      ...(parts.has('snippet') ? { snippet: { title: channel.title, description: '', publishedAt: iso(0) } } : {}),
      ...(parts.has('contentDetails') ? { contentDetails: { relatedPlaylists: { likes: '', uploads: uploadsPlaylist(channel.id) } } } : {}),
    };
    return { status: 200, body: { ...page, items: [item] } };
  }

  #listUploads(request: StandInRequest, channel: Channel): StandInAnswer {
    const query = new Query(request.url, ['part', 'playlistId', 'maxResults', 'pageToken', 'videoId']);
    const parts = query.parts(['id', 'snippet', 'contentDetails', 'status']);
    const perPage = Number(query.get('maxResults') ?? 5);
    const from = Number(query.get('pageToken') ?? 0);
    if (!Number.isInteger(perPage) || perPage < 0 || perPage > 50) refuse(400, 'invalidValue', `Invalid value '${query.get('maxResults')}'. Values must be within the range: [0, 50]`);
    if (!Number.isInteger(from) || from < 0) refuse(400, 'invalidPageToken', 'The request specifies an invalid page token.', 'youtube.parameter');
    if (query.required('playlistId') !== uploadsPlaylist(channel.id)) refuse(404, 'playlistNotFound', "The playlist identified with the request's playlistId parameter cannot be found.", 'youtube.playlistItem');
    const listed = this.videos
      .all()
      .filter((video) => video.channelId === channel.id && video.createdMs + this.#listingMs <= this.#nowMs())
      .toReversed();
    const items = listed.slice(from, from + perPage).map((video, index) => ({
      kind: 'youtube#playlistItem',
      etag: `"${video.id}"`,
      id: `item-${video.id}`,
      ...(parts.has('snippet') ? { snippet: { publishedAt: iso(video.createdMs), channelId: channel.id, title: video.snippet.title, description: video.snippet.description, playlistId: uploadsPlaylist(channel.id), position: from + index, resourceId: { kind: 'youtube#video', videoId: video.id } } } : {}),
      ...(parts.has('contentDetails') ? { contentDetails: { videoId: video.id } } : {}),
    }));
    const more = from + perPage < listed.length ? { nextPageToken: String(from + perPage) } : {};
    return { status: 200, body: { kind: 'youtube#playlistItemListResponse', etag: `"${this.#nowMs()}"`, ...more, items, pageInfo: { totalResults: listed.length, resultsPerPage: perPage } } };
  }

  async #setThumbnail(request: StandInRequest, channel: Channel): Promise<StandInAnswer> {
    const query = new Query(request.url, ['videoId', 'onBehalfOfContentOwner']);
    const image = await wholeBody(request, maxThumbnailBytes);
    if (query.get('uploadType') !== 'media') refuse(400, 'badRequest', 'The image is the whole body (uploadType=media).');
    if (!/^(image\/(jpeg|png)|application\/octet-stream)$/.test(request.headers['content-type'] ?? '')) refuse(400, 'badContent', `Media type '${request.headers['content-type'] ?? ''}' is not supported. Valid media types: [image/jpeg, image/png, application/octet-stream]`);
    if (image.length === 0) refuse(400, 'mediaBodyRequired', 'The request does not include the image content.', 'youtube.thumbnail');
    const video = this.videos.owned(query.required('videoId'), channel.id, 'The thumbnail can’t be set for the specified video. The request might not be properly authorized.');
    if (!channel.facts.mayHaveThumbnails) refuse(403, 'forbidden', 'The authenticated user doesn’t have permissions to upload and set custom video thumbnails.', 'youtube.thumbnail');
    video.thumbnailSha256 = createHash('sha256').update(image).digest('hex');
    return { status: 200, body: { kind: 'youtube#thumbnailSetResponse', etag: `"${video.id}"`, items: [{ default: { url: `https://i.ytimg.com/vi/${video.id}/default.jpg`, width: 120, height: 90 } }] } };
  }

  #listCaptions(request: StandInRequest, channel: Channel): StandInAnswer {
    const query = new Query(request.url, ['part', 'videoId', 'id']);
    query.parts(['id', 'snippet']);
    const video = this.videos.owned(query.required('videoId'), channel.id, 'The permissions associated with the request are not sufficient to list the caption tracks.');
    return { status: 200, body: { kind: 'youtube#captionListResponse', etag: `"${video.id}"`, items: video.captions.map((track) => describeTrack(video.id, track)) } };
  }

  async #insertCaptions(request: StandInRequest, channel: Channel): Promise<StandInAnswer> {
    const query = new Query(request.url, ['part', 'sync', 'onBehalfOfContentOwner']);
    query.parts(['id', 'snippet']);
    if (query.get('uploadType') !== 'multipart') refuse(400, 'badRequest', 'The track and what is said about it come as one multipart body.');
    const { json, file } = await relatedBody(request, maxCaptionBytes);
    const { snippet } = readJson(json, 'resource', captionBody);
    if (file.length === 0) refuse(400, 'contentRequired', 'The request does not contain the caption track contents.', 'youtube.caption');
    if (snippet.name.length > 150 || !/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(snippet.language)) refuse(400, 'invalidMetadata', 'The request contains invalid metadata values, which prevent the track from being created.', 'youtube.caption');
    const video = this.videos.owned(snippet.videoId, channel.id, 'The permissions associated with the request are not sufficient to upload the caption track.');
    if (video.captions.some(({ language, name }) => language === snippet.language && name === snippet.name)) refuse(409, 'captionExists', 'The specified video already has a caption track with the given snippet.language and snippet.name.', 'youtube.caption');
    const track = { id: randomBytes(12).toString('base64url'), language: snippet.language, name: snippet.name, isDraft: snippet.isDraft ?? false, text: file.toString('utf8'), updatedMs: this.#nowMs() };
    video.captions.push(track);
    return { status: 200, body: describeTrack(video.id, track) };
  }
}

function describeTrack(videoId: string, { id, language, name, isDraft, updatedMs }: Video['captions'][number]): object {
  return { kind: 'youtube#caption', etag: `"${id}"`, id, snippet: { videoId, lastUpdated: iso(updatedMs), trackKind: 'standard', language, name, audioTrackType: 'unknown', isCC: false, isLarge: false, isEasyReader: false, isDraft, isAutoSynced: false, status: 'serving' } };
}
