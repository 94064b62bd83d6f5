"""What the intake's commands refuse."""

from core.errors import Refusal


class UploadTooLarge(Refusal):
    status = 413
    code = "upload_too_large"
    message = "文件超过 %(limit)s MB 的上限。"


class ArchiveRefused(Refusal):
    status = 422
    code = "archive_refused"
    message = "压缩包不能接收，请直接上传 PDF 文件。"


class DossierBusy(Refusal):
    status = 409
    code = "dossier_busy"
    message = "材料正在检查，请稍候。"
